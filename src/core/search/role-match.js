// How well a role matches search words, for `use`, `ls`, the picker and the page. JavaScript, because browsers load it too.
import { nameOfSource } from '../text/role-title.js';
import {
  findDigits,
  findLetters,
  findWord,
  fold,
  isLetter,
  lettersOf,
  MIN_ID_DIGITS,
  parseWords,
  startsPart,
  startsWord,
  withoutAccents,
} from './search-words.js';

/** @typedef {import('./search-words.js').Word} Word */

/**
 * @typedef {object} SearchedRole
 * @property {string} accountId
 * @property {string | null} accountName
 * @property {string} permissionSet
 * @property {string | null} [profile]
 * @property {readonly string[]} [aliases]
 * @property {string} [label]
 * @property {string} [session]
 * @property {string | null} [emailAddress]
 * @property {import('../text/role-title.js').TitledChain | undefined} [chain]
 */

/**
 * The searchable text of a role.
 * @typedef {object} RoleText
 * @property {string} accountId
 * @property {string} text account name, permission set (or the role of a chain) and all other names, without account ids, folded, one per line
 * @property {string} cased the same with capitals
 * @property {number} namesEnd where the permission set ends in `text`
 * @property {number} sourceStart where the source of a chain starts in `text`
 * @property {string} withId the other names with the account id, folded; empty if none contains it
 * @property {number} letters the letters that occur, as bits
 */

// Levels of a match, best first. The level of a role is that of its worst word.
/** The word starts a word of the account name or the permission set. */
export const NAMED = 1;
/** The word starts a part of such a word: Admin of AWSAdminAccess, 07 of prod07. */
export const PARTED = 2;
/** The word starts a word, or a part of one, of another name (profile, alias, label, …), or is the whole account id. */
export const STARTED = 3;
/** The word is inside a word of a name, or in the source of a chain: a word that means the source is best for the source. */
export const INSIDE = 4;
/** The word is part of the account id: its beginning, or at least four digits of it. */
export const BY_ID = 5;
/** The letters of the word occur in this order in account name and permission set, with others in between. */
export const NEAR = 6;

/** @param {SearchedRole} role @returns {RoleText} */
export function readRole({
  accountId,
  accountName,
  permissionSet,
  profile,
  aliases,
  label,
  session,
  emailAddress,
  chain,
}) {
  const names = `${accountName ?? ''}\n${chain?.roleName ?? permissionSet}`;
  const others = `${profile ?? ''}\n${aliases?.join('\n') ?? ''}\n${label ?? ''}\n${session ?? ''}\n${emailAddress ?? ''}`;
  // A profile name may contain the account id, which is matched as an id there too.
  const hasId = accountId !== '' && others.includes(accountId);
  const own = withoutAccents(`${names}\n${hasId ? others.replaceAll(accountId, '\n') : others}`);
  const cased = chain === undefined ? own : `${own}\n${sourceOf(chain)}`;
  const text = cased.toLowerCase();
  return {
    accountId,
    text,
    // In some languages lower case changes the length: then capitals are ignored.
    cased: cased.length === text.length ? cased : text,
    namesEnd: fold(names).length,
    sourceStart: chain === undefined ? text.length : fold(own).length,
    withId: hasId ? fold(others) : '',
    letters: lettersOf(text) | lettersOf(accountId),
  };
}

/** As in the title of the role, but without the account id, by which only roles of that account are found. @param {NonNullable<SearchedRole['chain']>} chain */
function sourceOf(chain) {
  return withoutAccents(`via ${nameOfSource(chain).replaceAll(chain.sourceAccountId, '\n')}`);
}

/** A role that lacks one of these letters does not match. @param {readonly Word[]} words */
export function neededLetters(words) {
  return words.reduce((bits, { text, digits }) => bits | lettersOf(digits ?? text), 0);
}

// A fit is one number, smaller is better: the level times LEVEL, plus the missing points.
const LEVEL = 1 << 10;
const AS_IT_IS = 400;
const FROM_THE_START_OF_A_WORD = 100;
const TO_THE_END_OF_IT = 50;
const SCATTERED = 200;
const MOST = AS_IT_IS + FROM_THE_START_OF_A_WORD + TO_THE_END_OF_IT;
/** The fit of a role that does not match. */
export const NO_FIT = Number.POSITIVE_INFINITY;

/** The level of a fit. @param {number} fit */
export const levelOf = (fit) => Math.floor(fit / LEVEL);

/** @param {number} level @param {number} points */
const toFit = (level, points) => level * LEVEL + MOST - Math.floor(points);

/** How well the role matches all words together. @param {RoleText} role @param {readonly Word[]} words */
export function fitOf(role, words) {
  let level = NAMED;
  let missing = 0;
  for (const word of words) {
    const fit = fitOfWord(role, word);
    if (fit === NO_FIT) return NO_FIT;
    level = Math.max(level, levelOf(fit));
    missing += fit % LEVEL;
  }
  return level * LEVEL + Math.min(missing, LEVEL - 1);
}

/** @param {RoleText} role @param {Word} word */
function fitOfWord(role, word) {
  const inNames = fitOfNames(role, word.text);
  if (levelOf(inNames) <= STARTED) return inNames;
  const best = Math.min(inNames, fitOfId(role, word));
  return best === NO_FIT && word.digits === undefined
    ? fitOfLetters(role.text.slice(0, role.namesEnd), word.text)
    : best;
}

/** The whole word in any of the names. @param {Pick<RoleText, 'text' | 'cased' | 'namesEnd' | 'sourceStart'>} role @param {string} word */
function fitOfNames(role, word) {
  const { text } = role;
  let best = NO_FIT;
  for (let at = findWord(text, word); at >= 0; at = findWord(text, word, at + 1)) {
    best = Math.min(best, toFit(levelAt(role, at), AS_IT_IS + pointsOfPlace(text, at, at + word.length)));
    if (best === toFit(NAMED, MOST)) break;
  }
  return best;
}

/** @param {Pick<RoleText, 'cased' | 'namesEnd' | 'sourceStart'>} role @param {number} at */
function levelAt({ cased, namesEnd, sourceStart }, at) {
  if (at >= sourceStart || !startsPart(cased, at)) return INSIDE;
  if (at >= namesEnd) return STARTED;
  return startsWord(cased, at) ? NAMED : PARTED;
}

/** @param {RoleText} role @param {Word} word */
function fitOfId({ accountId, withId }, word) {
  if (word.digits === undefined) {
    if (withId === '' || findWord(withId, word.text) < 0) return NO_FIT;
    return toFit(word.text.includes(accountId) ? STARTED : BY_ID, AS_IT_IS);
  }
  if (word.digits === accountId) return toFit(STARTED, MOST);
  const at = findDigits(accountId, word);
  if (at < 0) return NO_FIT;
  return toFit(BY_ID, at === 0 ? AS_IT_IS + FROM_THE_START_OF_A_WORD : AS_IT_IS);
}

/** @param {string} text @param {string} word */
function fitOfLetters(text, word) {
  const span = findLetters(text, word);
  if (span === undefined) return NO_FIT;
  const gaps = span.end - span.start - word.length;
  return toFit(NEAR, Math.max(1, SCATTERED - 4 * gaps + pointsOfPlace(text, span.start, span.end) / 2));
}

/** @param {string} text @param {number} start @param {number} end */
function pointsOfPlace(text, start, end) {
  if (isLetter(text, start - 1)) return 0;
  return isLetter(text, end) ? FROM_THE_START_OF_A_WORD : FROM_THE_START_OF_A_WORD + TO_THE_END_OF_IT;
}

/**
 * Whether only the account id identifies this role's account: some word is in the id and in no name, and it has fewer
 * than four digits, or no other word is in the account's name. False for a complete id together with another word.
 * @param {SearchedRole} role @param {string} query
 */
export function isFoundById(role, query) {
  const text = readRole(role);
  const words = parseWords(query);
  const nameless = words.filter((word) => fitOfNames(text, word.text) === NO_FIT);
  const parts = nameless.filter((word) => levelOf(fitOfId(text, word)) !== STARTED);
  if (parts.some((word) => word.digits === undefined && fitOfId(text, word) !== NO_FIT)) return true;
  const byId = nameless.flatMap(({ digits }) => digits ?? []);
  if (byId.length === 0) return false;
  if (byId.some((digits) => digits.length < MIN_ID_DIGITS)) return true;
  const account = readRole({ accountId: '', accountName: role.accountName, permissionSet: '' });
  if (words.some((word) => fitOfNames(account, word.text) !== NO_FIT)) return false;
  return words.length === byId.length || !byId.includes(role.accountId);
}

/** Whether the query contains the complete account id and the complete permission set. @param {SearchedRole} role @param {string} query */
export function isNamedInFull({ accountId, permissionSet }, query) {
  const words = parseWords(query);
  const name = fold(permissionSet);
  return words.some(({ digits }) => digits === accountId) && words.some(({ text }) => text === name);
}
