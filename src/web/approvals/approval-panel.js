// One approval: what is asked for, who asks, and the buttons or the place to answer. It takes no focus by itself.
import { element, fill, setText } from '../frame/elements.js';
import { accountTitle, harmless } from '../frame/wording.js';
import {
  describeFacts,
  describeOutcome,
  describeParents,
  describePlaces,
  describeSubject,
  formatCountdown,
  nameOf,
  roleOf,
} from './approval-wording.js';

/** @typedef {import('../documents.d.ts').Approval} Approval */
/** @typedef {import('./approval-actions.js').ApprovalActions} ApprovalActions */

/** A panel pushes the page down, so a click meant for something else must not answer it. */
const UNCLICKABLE_MS = 500;

/** @param {Approval} first @param {{ actions: ApprovalActions, onDismiss: () => void }} deps */
export function createApprovalPanel(first, { actions, onDismiss }) {
  let approval = first;
  let isSettled = false;
  /** Closes the browser's question when the approval was settled elsewhere. */
  const ended = new AbortController();
  /** Approved, and its passkey is still to be created. */
  let isCreating = false;
  let shownFacts = '';
  let shownPlaces = '';
  /** @type {() => Promise<void>} */
  let approveNow = async () => {};
  const id = `approval-${first.id}`;
  const left = element('span', { class: 'left' });
  const eyebrow = element('p', { class: 'eyebrow' }, element('span', { class: 'badge' }, 'approval needed'), left);
  const facts = element('dl', { class: 'facts' });
  const problem = element('p', { class: 'problem', role: 'alert' });
  const answer = element('div', { class: 'answer' });
  const heading = element('h2', { id, tabindex: -1 }, ...title(first));
  const node = element(
    'section',
    { class: 'approval', 'aria-labelledby': id },
    element('div', { class: 'what' }, eyebrow, heading, facts, parents(first)),
    answer,
  );

  /** @param {string} label @param {string} className @param {() => void} act */
  function button(label, className, act) {
    const made = element(
      'button',
      { type: 'button', class: className, 'aria-disabled': 'true', 'aria-describedby': id },
      label,
    );
    setTimeout(() => made.removeAttribute('aria-disabled'), UNCLICKABLE_MS);
    made.addEventListener('click', () => {
      if (made.getAttribute('aria-disabled') !== 'true' && !made.hasAttribute('aria-busy')) act();
    });
    return made;
  }

  /** @param {string} label @param {HTMLElement} pressed @param {() => Promise<string | undefined>} work */
  async function busy(label, pressed, work) {
    const before = pressed.textContent ?? '';
    pressed.setAttribute('aria-busy', 'true');
    setText(pressed, label);
    setText(problem, '');
    const failure = await work();
    pressed.removeAttribute('aria-busy');
    setText(pressed, before);
    // What was aborted because it was settled has not failed.
    if (failure !== undefined && (!isSettled || isCreating)) setText(problem, failure);
  }

  function showQuestion() {
    const hadFocus = answer.contains(document.activeElement);
    shownPlaces = approval.places.join(' ');
    const refuse = button('Refuse', '', () => void busy('Refusing …', refuse, () => actions.refuse(approval.id)));
    if (approval.approve === 'passkey' && approval.places.includes('page')) {
      const approve = button('Approve with passkey', 'primary', () => void approveNow());
      approveNow = () => busy('Waiting for your passkey …', approve, () => actions.approve(approval, ended.signal));
      fill(answer, problem, element('p', { class: 'buttons' }, approve, refuse));
      if (hadFocus) refuse.focus();
      return;
    }
    const places = describePlaces(approval).map(({ text, command }) =>
      element('p', {}, text, command !== undefined && ' ', command !== undefined && element('code', {}, command)),
    );
    fill(answer, ...places, problem, element('p', { class: 'buttons' }, refuse));
    if (hadFocus) refuse.focus();
  }

  /** @param {string} text @param {HTMLElement} [create] */
  function showOutcome(text, create) {
    const hadFocus = answer.contains(document.activeElement);
    const dismiss = element('button', { type: 'button', class: 'quiet', click: onDismiss }, 'Dismiss');
    setText(problem, '');
    fill(
      answer,
      element('p', { class: 'outcome', role: 'status' }, text),
      create !== undefined && problem,
      element('p', { class: 'buttons' }, create, dismiss),
    );
    if (hadFocus) dismiss.focus();
  }

  /** The browser creates a passkey only after a click. */
  function showCreation() {
    const create = button('Create the passkey', 'primary', () => {
      void busy('Waiting for your passkey …', create, async () => {
        const failure = await actions.register(approval.id);
        if (failure !== undefined) return failure;
        isCreating = false;
        showOutcome('The passkey was added.');
        return undefined;
      });
    });
    showOutcome('Approved. Now create the passkey in this browser.', create);
  }

  showQuestion();
  return {
    node,
    /** @param {Approval} next @param {number} nowMs */
    update(next, nowMs) {
      if (isSettled) return;
      approval = next;
      const described = describeFacts(next, nowMs);
      const text = JSON.stringify(described);
      if (text !== shownFacts) {
        shownFacts = text;
        fill(facts, ...described.flatMap(factRow));
      }
      if (next.places.join(' ') !== shownPlaces && answer.querySelector('[aria-busy]') === null) showQuestion();
      if (next.problem !== null) {
        setText(problem, `${harmless(next.problem.message)} Run: ${harmless(next.problem.hint)}`);
      }
      this.tick(nowMs);
    },
    /** @param {number} nowMs */
    tick(nowMs) {
      if (!isSettled) setText(left, `${formatCountdown(Date.parse(approval.expiresAt) - nowMs)} left`);
    },
    /** Says how it ended, where the buttons were. @param {Approval | undefined} settled undefined: the daemon has forgotten it */
    settle(settled) {
      isSettled = true;
      ended.abort();
      isCreating = settled?.subject === 'add-passkey' && settled.state === 'approved';
      node.dataset['state'] = settled?.state ?? 'expired';
      eyebrow.remove();
      if (isCreating) showCreation();
      else showOutcome(settled === undefined ? 'It is no longer pending.' : describeOutcome(settled));
    },
    /** For a question that this page has just asked by a click. */
    approve: () => (isSettled ? undefined : approveNow()),
    isSettled: () => isSettled,
    /** Whether there is something left to do in it. */
    stays: () => isCreating,
    focus: () => heading.focus(),
  };
}

/** @param {Approval} approval */
function title(approval) {
  if (approval.subject !== 'role') return [describeSubject(approval)];
  const { accountName, accountId } = nameOf(approval);
  const name = accountTitle({ accountName, accountId });
  return [
    element('span', { class: 'name' }, name),
    ' ',
    name !== accountId && element('span', { class: 'id' }, accountId),
    ' ',
    element('span', { class: 'set' }, roleOf(approval)),
  ];
}

/** @param {import('./approval-wording.js').Fact} fact */
function factRow({ name, text, isCode, isWarning }) {
  const value = isCode === true ? element('code', {}, text) : text;
  return [element('dt', {}, name), element('dd', { class: isWarning === true ? 'warning' : undefined }, value)];
}

/** Folded, because a chain of shells says little to most. @param {Approval} approval */
function parents({ program }) {
  const { names, lines } = describeParents(program);
  if (lines.length === 0) return undefined;
  return element(
    'details',
    { class: 'parents' },
    element('summary', {}, `Started by ${names}`),
    element('ol', {}, ...lines.map((line) => element('li', {}, element('code', {}, line)))),
  );
}
