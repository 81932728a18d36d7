// The columns of the grid: how wide each is, and how the texts are shortened that do not fit.
import { createNameShortener } from '../../core/text/short-names.js';
import { accountTitle, harmless, roleTitle } from '../frame/wording.js';
import { divideColumns } from './column-widths.js';

/** @typedef {import('../documents.d.ts').Role} Role */
/** @typedef {import('../../core/text/short-names.js').ShortName} ShortName */
/** @typedef {(text: string) => ShortName} Shorten */

/**
 * How the texts of a row are shown. Another object after each change.
 * @typedef {object} Columns
 * @property {Shorten} name
 * @property {Shorten} set
 * @property {(text: string, role: Pick<Role, 'protected' | 'approve'>) => ShortName} currentSet of the current role, which has a badge beside it
 * @property {Shorten} profile
 */

/** Of page.css, in pixels: the gaps between columns and beside a row, and what stands beside a permission set. */
const GAP = 16;
const STACKED_GAP = 12;
const STACKED_PADDING = 14;
const PROTECTED = 24;
/** With the word that says how it is approved, for which stacked rows have no room. */
const PROTECTED_ASKS = 76;
const LABEL_PADDING = 24;
const MAX_LABEL = 176;
const BADGE = 72;

/** @type {Shorten} */
const whole = (text) => ({ text, parts: [{ from: 0, to: text.length, at: 0 }] });
/** Before the first measurement. @type {Columns} */
export const WHOLE = Object.freeze({ name: whole, set: whole, currentSet: whole, profile: whole });

/** @typedef {Record<'name' | 'id' | 'set' | 'profile' | 'label', import('../frame/text-width.js').TextWidth>} Fonts */

/**
 * Divides the width among the columns by the texts of all roles, so that they stay where they are while you type.
 * @param {object} deps
 * @param {readonly Role[]} deps.roles
 * @param {boolean} deps.hasLabels whether each row names its session
 * @param {Fonts} deps.fonts
 * @param {number} deps.width of a row
 * @param {boolean} deps.isStacked whether a row has two lines: the account, and below it the rest without the profile
 */
export function layOutColumns({ roles, hasLabels, fonts, width, isStacked }) {
  const names = new Set(roles.map(accountTitle));
  const sets = new Set(roles.map(roleTitle));
  const id = Math.ceil(fonts.id('0') * 12) + 2;
  const label = hasLabels ? widthOfLabels(roles, fonts) : 0;
  /** @param {Pick<Role, 'protected' | 'approve'>} role */
  const widthOfMark = (role) => {
    if (!role.protected) return 0;
    return role.approve === undefined || isStacked ? PROTECTED : PROTECTED_ASKS;
  };
  const beside = label + roles.reduce((most, role) => Math.max(most, widthOfMark(role)), 0);
  const needs = {
    name: longest(names, fonts.name),
    set: longest(sets, fonts.set) + beside,
    profile: isStacked ? 0 : longest(new Set(roles.map(({ profile }) => harmless(profile ?? ''))), fonts.profile),
  };
  const widths = isStacked
    ? { name: width - 2 * STACKED_PADDING, set: width - 2 * STACKED_PADDING - STACKED_GAP - id, profile: 0 }
    : divideColumns(width - 2 * GAP - id - 4 * GAP, needs, BADGE);
  const setText = widths.set - beside;
  return {
    id,
    ...widths,
    /** @type {Columns} */
    columns: {
      name: shortener(names, widths.name, fonts.name),
      set: shortener(sets, setText, fonts.set),
      currentSet: (text, role) => {
        const room = widths.set - label - widthOfMark(role) - BADGE;
        return shortener([], room, fonts.set)(text);
      },
      // Account and permission set, which it repeats, are told apart already.
      profile: shortener([], widths.profile, fonts.profile),
    },
  };
}

/** Made at the first use: often everything fits. @param {Iterable<string>} names @param {number} width @param {(text: string) => number} widthOf @returns {Shorten} */
function shortener(names, width, widthOf) {
  /** @type {Shorten | undefined} */
  let shorten;
  return (text) => {
    if (widthOf(text) <= width) return whole(text);
    shorten ??= createNameShortener(names, width, widthOf);
    return shorten(text);
  };
}

/** With the gap beside it. @param {readonly Role[]} roles @param {Fonts} fonts */
function widthOfLabels(roles, fonts) {
  const labels = new Set(roles.map(({ label }) => harmless(label)));
  return Math.min(MAX_LABEL, longest(labels, fonts.label) + LABEL_PADDING);
}

/** @param {Iterable<string>} texts @param {(text: string) => number} widthOf */
function longest(texts, widthOf) {
  let most = 0;
  for (const text of texts) most = Math.max(most, widthOf(text));
  return Math.ceil(most);
}
