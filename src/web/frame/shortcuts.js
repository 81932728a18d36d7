// The keys that work everywhere on the page, except while something is typed or a dialog is open.

/** @param {Document} document @param {Readonly<Record<string, () => void>>} shortcuts by key */
export function listenForShortcuts(document, shortcuts) {
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLInputElement && event.target.type !== 'radio';
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector('dialog[open]') !== null) return;
    if (!Object.hasOwn(shortcuts, event.key)) return;
    shortcuts[event.key]?.();
    event.preventDefault();
  });
}
