// Makes the links of a page absolute, for the npm website and whoever else shows the README of a version.

/** Of a Markdown link or picture, up to its target, and of its target. */
const LINK = /(?<start>!?\[(?:[^\]]|\\\])*\]\()(?<target>[^)\s#][^)\s]*)(?=\))/g;
const PICTURE = /\.(?:png|jpe?g|gif|svg|webp)$/;

/**
 * `text` with links to files of the repository at `revision`, and pictures by their content. npm would resolve relative
 * links by `repository` too, but at the newest revision, where the page may say something else or be gone.
 */
export function makeLinksAbsolute(text, repository, revision) {
  const raw = repository.replace('https://github.com/', 'https://raw.githubusercontent.com/');
  return text.replaceAll(LINK, (whole, ...more) => {
    const { start, target } = more.at(-1);
    if (/^[a-z]+:/.test(target)) return whole;
    const isPicture = PICTURE.test(target);
    return `${start}${isPicture ? `${raw}/${revision}` : `${repository}/blob/${revision}`}/${target}`;
  });
}
