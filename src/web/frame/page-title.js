// The title of the tab: what waits for an answer, then the current role.

/** @typedef {ReturnType<typeof createPageTitle>} PageTitle */

/** @param {Pick<Document, 'title'>} document */
export function createPageTitle(document) {
  let role = '';
  let mark = '';
  const draw = () => {
    document.title = `${mark}${role === '' ? 'rolecall' : `${role} – rolecall`}`;
  };
  return {
    /** Empty: no current role. @param {string} next */
    setRole(next) {
      role = next;
      draw();
    },
    /** @param {{ approvals: number, isLocked: boolean }} state */
    setState({ approvals, isLocked }) {
      const locked = isLocked ? 'Locked – ' : '';
      mark = approvals === 0 ? locked : `(${approvals}) Approval needed – `;
      draw();
    },
  };
}
