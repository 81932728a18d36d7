// Name patterns in settings and team files: `*` matches any characters, `?` exactly one. Not a RegExp, which can take exponential time.

/** The readers of settings and team files refuse longer patterns. */
export const MAX_GLOB_CHARACTERS = 256;

/** A function that tells whether a whole name matches one of the globs. */
export function createGlobMatcher(globs: readonly string[]): (name: string) => boolean {
  return (name) => globs.some((glob) => matchesGlob(glob, name));
}

/** At most one step per pair of characters, so linear in the name for a glob of limited length. */
export function matchesGlob(glob: string, name: string): boolean {
  let globAt = 0;
  let nameAt = 0;
  // Only the last star is tried again: earlier ones have matched as little as possible, which leaves it the most.
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

/** In UTF-16 code units: characters above U+FFFF take two. */
function lengthOf(codePoint: number | undefined): number {
  return codePoint !== undefined && codePoint > 0xffff ? 2 : 1;
}
