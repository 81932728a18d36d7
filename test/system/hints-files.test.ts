// Whatever happens to rolecall's own files, doing what it says makes everything work again in two steps at most.
import { testHints } from './broken-world.ts';
import { BROKEN_DISKS, BROKEN_SOCKETS, BROKEN_STATE_FOLDERS } from './broken-files.ts';

testHints([...BROKEN_SOCKETS, ...BROKEN_STATE_FOLDERS, ...BROKEN_DISKS]);
