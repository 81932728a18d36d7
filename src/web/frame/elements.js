// Creates DOM nodes. Text is always set as text, never as markup.

/** @typedef {Node | string | undefined | false} Child */

/**
 * Creates an element. Attributes that are undefined or false are left out; a function becomes a listener for the event of that name.
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

/** Like `fill`, and restores the focus by `data-key`. @param {Element} parent @param {...Child} children */
export function refill(parent, ...children) {
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && parent.contains(focused) ? focused.dataset['key'] : undefined;
  fill(parent, ...children);
  if (key !== undefined) focusWithin(parent, `[data-key="${CSS.escape(key)}"]`);
}

/** The element of page.html with this id. @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`page.html has no #${id}`);
  return found;
}

/** @param {Element} parent @param {string} selector of the element to focus, if it exists */
export function focusWithin(parent, selector) {
  const found = parent.querySelector(selector);
  if (found instanceof HTMLElement) found.focus();
}

/** Sets the text only when it differs, so that nothing is announced or repainted twice. @param {Element} target @param {string} text */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** @param {Child} child @returns {child is Node | string} */
function isThere(child) {
  return child !== undefined && child !== false;
}
