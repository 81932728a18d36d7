// The passkeys, in a dialog: what each is called, when it was added, and how to add or remove one.
import { element, fill } from '../frame/elements.js';
import { formatMoment, harmless, quoteForShell } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Passkeys} Passkeys */
/** @typedef {(text: string) => unknown} CopyCommand */

/**
 * @param {object} deps
 * @param {HTMLElement} deps.host
 * @param {HTMLElement} deps.button opens it
 * @param {() => Promise<Passkeys | undefined>} deps.load undefined: it failed, and said so
 * @param {CopyCommand} deps.copyCommand
 * @param {() => number} deps.nowMs
 */
export function createPasskeyList({ host, button, load, copyCommand, nowMs }) {
  const list = element('div', { class: 'passkeys' });
  const close = element('button', { type: 'button', class: 'primary' }, 'Close');
  const dialog = element(
    'dialog',
    { class: 'legend', 'aria-labelledby': 'passkeys-title' },
    element('h2', { id: 'passkeys-title' }, 'Passkeys'),
    element(
      'p',
      { class: 'note' },
      'They approve requests for roles with approve = "passkey". No program can use one without you.',
    ),
    list,
    element('h3', {}, 'Add a passkey'),
    element(
      'p',
      { class: 'note' },
      'Run this, then answer here. A click approves your first one; each further one needs one that you have.',
    ),
    commandRow('rolecall passkey add', copyCommand),
    element('p', { class: 'buttons' }, close),
  );
  close.addEventListener('click', () => dialog.close());
  async function open() {
    const document = await load();
    if (document === undefined) return;
    fill(list, ...describe(document, copyCommand, nowMs()));
    if (!dialog.open) dialog.showModal();
    close.focus();
  }
  button.addEventListener('click', () => void open());
  host.append(dialog);
}

/** @param {Passkeys} document @param {CopyCommand} copyCommand @param {number} nowMs */
function describe({ passkeys, isPersistent, problem }, copyCommand, nowMs) {
  if (problem !== null) {
    return [element('p', { class: 'warning' }, `${harmless(problem.message)} Run: ${harmless(problem.hint)}`)];
  }
  if (passkeys.length === 0) return [element('p', {}, 'You have no passkey yet.')];
  const rows = passkeys.map(({ label, addedAt }) => {
    const command = `rolecall passkey remove ${quoteForShell(harmless(label))}`;
    return element(
      'li',
      {},
      element('strong', {}, harmless(label)),
      element('span', { class: 'note' }, `added ${formatMoment(Date.parse(addedAt), nowMs)}`),
      element(
        'button',
        {
          type: 'button',
          class: 'small',
          title: command,
          'aria-label': `Copy remove command for ${harmless(label)}`,
          click: () => copyCommand(command),
        },
        'Copy remove command',
      ),
    );
  });
  return [
    element('ul', {}, ...rows),
    !isPersistent && element('p', { class: 'warning' }, 'Without a keychain they are forgotten when the daemon stops.'),
  ];
}

/** @param {string} command @param {CopyCommand} copyCommand */
function commandRow(command, copyCommand) {
  return element(
    'p',
    { class: 'command' },
    element('code', {}, command),
    element(
      'button',
      { type: 'button', class: 'small', 'aria-label': `Copy ${command}`, click: () => copyCommand(command) },
      'Copy',
    ),
  );
}
