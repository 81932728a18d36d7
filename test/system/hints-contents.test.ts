// Whatever is damaged or missing, doing what rolecall says makes everything work again in two steps at most.
import { DAMAGED_FILES, MISSING_OTHERS } from './broken-contents.ts';
import { testHints } from './broken-world.ts';

testHints([...DAMAGED_FILES, ...MISSING_OTHERS]);
