// Patterns of settings and team files over names: `*` is any run of characters, `?` any one. Not RegExp, which takes for ever on some.

/** Longer patterns are refused where settings and team files are read. */
export const MAX_GLOB_CHARACTERS = 256;

/** Answers whether a whole name matches one of the globs. */
export function createGlobMatcher(globs: readonly string[]): (name: string) => boolean {
  return (name) => globs.some((glob) => matchesGlob(glob, name));
}

/** At most one step per pair of characters, so linear in the name for a glob of bounded length. */
export function matchesGlob(glob: string, name: string): boolean {
  let globAt = 0;
  let nameAt = 0;
  // Only the last star can still be wrong: an earlier one has matched as little as possible, which leaves most to it.
  let afterStar = -1;
  let starEndsAt = 0;
  while (nameAt < name.length) {
    const wanted = glob.codePointAt(globAt);
    const found = name.codePointAt(nameAt);
    if (wanted === STAR) {
      globAt += 1;
      afterStar = globAt;
      starEndsAt = nameAt;
    } else if (wanted !== undefined && (wanted === ANY_ONE || wanted === found)) {
      globAt += lengthOf(wanted);
      nameAt += lengthOf(found);
    } else if (afterStar >= 0) {
      starEndsAt += lengthOf(name.codePointAt(starEndsAt));
      nameAt = starEndsAt;
      globAt = afterStar;
    } else {
      return false;
    }
  }
  while (glob.codePointAt(globAt) === STAR) globAt += 1;
  return globAt === glob.length;
}

const STAR = 0x2a;
const ANY_ONE = 0x3f;

/** In code units: a character beyond the first 65,536 takes two. */
function lengthOf(codePoint: number | undefined): number {
  return codePoint !== undefined && codePoint > 0xffff ? 2 : 1;
}
