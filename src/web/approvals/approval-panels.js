// The approvals that wait for a person, above everything else: one panel each, which says in place how it ended.
import { element, fill } from '../frame/elements.js';
import { createApprovalPanel } from './approval-panel.js';
import { announce } from './approval-wording.js';

/** @typedef {import('../documents.d.ts').Approval} Approval */
/** @typedef {import('./approval-actions.js').ApprovalActions} ApprovalActions */
/** @typedef {ReturnType<typeof createApprovalPanel>} Panel */

/** How long an outcome stays, unless the focus is in its panel. */
const OUTCOME_MS = 10_000;

/**
 * @param {object} deps
 * @param {HTMLElement} deps.host
 * @param {HTMLElement} deps.alert for screen readers
 * @param {ApprovalActions} deps.actions
 * @param {() => number} deps.nowMs
 */
export function createApprovalPanels({ host, alert, actions, nowMs }) {
  /** @type {Map<string, Panel>} */
  const panels = new Map();

  /** @param {string} id */
  function remove(id) {
    panels.get(id)?.node.remove();
    panels.delete(id);
  }

  /** @param {string} id @param {Panel} panel */
  function removeLater(id, panel) {
    setTimeout(() => {
      if (panels.get(id) !== panel) return;
      if (panel.node.contains(document.activeElement)) removeLater(id, panel);
      else remove(id);
    }, OUTCOME_MS);
  }

  /** @param {Approval} approval */
  function show(approval) {
    const panel = createApprovalPanel(approval, { actions, onDismiss: () => remove(approval.id) });
    panels.set(approval.id, panel);
    host.append(panel.node);
    panel.update(approval, nowMs());
    return approval;
  }

  /** @param {string} id @param {Panel} panel @param {Approval | undefined} approval undefined: the daemon has forgotten it */
  function settle(id, panel, approval) {
    if (panel.isSettled() || approval?.state === 'pending') return;
    panel.settle(approval);
    if (!panel.stays()) removeLater(id, panel);
  }

  return {
    /** @param {readonly Approval[]} approvals */
    update(approvals) {
      const byId = new Map(approvals.map((approval) => [approval.id, approval]));
      for (const [id, panel] of panels) {
        const approval = byId.get(id);
        if (panel.isSettled()) continue;
        if (approval === undefined) void actions.fetch(id).then((found) => settle(id, panel, found));
        else if (approval.state === 'pending') panel.update(approval, nowMs());
        else settle(id, panel, approval);
      }
      const added = approvals.filter(({ id, state }) => state === 'pending' && !panels.has(id)).map(show);
      // A dialog would cover them.
      if (added.length > 0) for (const dialog of document.querySelectorAll('dialog')) dialog.close();
      // New nodes, because the same text again would not be read.
      if (added.length > 0) fill(alert, ...added.map((approval) => element('span', {}, announce(approval, nowMs()))));
    },
    /** Starts the passkey's ceremony for a question that this page has just asked. @param {string} id */
    approve: (id) => void panels.get(id)?.approve(),
    /** For a page that a person opened for it, and that loaded after the answer: goes on with creating the passkey. @param {Approval | undefined} approval */
    resume(approval) {
      if (approval?.subject !== 'add-passkey' || approval.state !== 'approved' || panels.has(approval.id)) return;
      show(approval);
      panels.get(approval.id)?.settle(approval);
    },
    /** Moves the focus to the first pending one, and to no button. */
    focus() {
      for (const panel of panels.values()) {
        if (panel.isSettled()) continue;
        panel.focus();
        return;
      }
    },
    /** Updates the time left. */
    tick() {
      for (const panel of panels.values()) panel.tick(nowMs());
    },
  };
}
