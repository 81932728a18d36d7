// DOM nodes made of words: text is only ever text, for there is no way in here by which it could become markup.

/** @typedef {Node | string | undefined | false} Child */

/**
 * A new element. An attribute that is undefined or false is left out, a function listens to the event of its name.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | number | boolean | undefined | ((event: any) => void)>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children.filter(isThere));
  return made;
}

/** @param {Element} parent @param {...Child} children */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.filter(isThere));
}

/** As `fill`; whichever child had the focus has it again, by its `data-key`. @param {Element} parent @param {...Child} children */
export function refill(parent, ...children) {
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && parent.contains(focused) ? focused.dataset['key'] : undefined;
  fill(parent, ...children);
  if (key !== undefined) focusWithin(parent, `[data-key="${CSS.escape(key)}"]`);
}

/** The element that page.html has for this. @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`page.html has no #${id}`);
  return found;
}

/** @param {Element} parent @param {string} selector of the one that gets the focus, if it is there */
export function focusWithin(parent, selector) {
  const found = parent.querySelector(selector);
  if (found instanceof HTMLElement) found.focus();
}

/** Changes the text only where it differs, so that nothing is announced or repainted twice. @param {Element} target @param {string} text */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** @param {Child} child @returns {child is Node | string} */
function isThere(child) {
  return child !== undefined && child !== false;
}
