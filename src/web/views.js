// All parts of the page, drawn from the model.
import { createApprovalPanels } from './approvals/approval-panels.js';
import { byId } from './frame/elements.js';
import { createNotices } from './frame/notices.js';
import { createPageTitle } from './frame/page-title.js';
import { createLockView } from './lock/lock-view.js';
import { createCurrentBanner } from './roles/current-banner.js';
import { createEmptyList } from './roles/empty-list.js';
import { createRoleBoard } from './roles/role-board.js';
import { createRoleDetails } from './roles/role-details.js';
import { createPasskeyList } from './passkeys/passkey-list.js';
import { createProblemList } from './sessions/problem-list.js';
import { createSessionCards } from './sessions/session-cards.js';
import { createSignInPanels } from './sessions/sign-in-panels.js';

/**
 * @param {object} deps
 * @param {import('./connection/actions.js').Actions} deps.actions
 * @param {import('./approvals/approval-actions.js').ApprovalActions} deps.approvalActions
 * @param {import('./connection/model.js').Model} deps.model
 * @param {import('./frame/toasts.js').Toasts} deps.toasts
 * @param {() => number} deps.nowMs
 */
export function createViews({ actions, approvalActions, model, toasts, nowMs }) {
  const labelOf = model.labelOf;
  const notices = createNotices(byId('notices'));
  const problems = createProblemList(notices.problems, actions);
  const signInPanels = createSignInPanels({ host: notices.signIns, actions, nowMs, labelOf });
  const sessionCards = createSessionCards({ host: byId('sessions'), actions, labelOf });
  const title = createPageTitle(document);
  const banner = createCurrentBanner(byId('current'), actions, title);
  const approvals = createApprovalPanels({
    host: byId('approvals'),
    alert: byId('alert'),
    actions: approvalActions,
    nowMs,
  });
  const lockView = createLockView({
    host: byId('locked'),
    button: byId('lock'),
    board: byId('board'),
    actions: { lock: actions.lock, unlock: () => void unlock() },
    nowMs,
  });
  const details = createRoleDetails(byId('details'), actions);
  const emptyList = createEmptyList({
    board: byId('board'),
    host: byId('empty'),
    refresh: () => void actions.refresh(),
  });
  /** @type {import('./documents.d.ts').Role | undefined} */
  let selected;
  const board = createRoleBoard({
    host: byId('roles'),
    actions,
    toasts,
    nowMs,
    onSelected(role) {
      selected = role;
      drawDetails();
    },
  });

  function drawDetails() {
    const role = selected ?? model.currentRole();
    details.update(role, {
      isCurrent: role !== undefined && board.isCurrent(role),
      isFallback: selected === undefined,
      hasLabels: board.hasLabels(),
    });
  }

  createPasskeyList({
    host: document.body,
    button: byId('show-passkeys'),
    load: actions.listPasskeys,
    copyCommand: (text) => actions.copyText(text, 'the command'),
    nowMs,
  });

  /** One click: what it needs is asked for right away where this page can answer it. */
  async function unlock() {
    const approval = await actions.unlock();
    if (approval === undefined) return;
    const others = model.approvals().filter(({ id }) => id !== approval.id);
    model.apply('approvals', { approvals: [...others, approval] });
    approvals.approve(approval.id);
  }

  let isOver = false;

  function drawApprovals() {
    if (isOver) return;
    approvals.update(model.approvals());
    title.setState({ approvals: model.approvals().length, isLocked: model.status()?.lock?.isLocked === true });
  }

  return {
    setLost: notices.setLost,
    /** Something else is shown instead, and stays. */
    end() {
      isOver = true;
    },
    focusSearch: board.focusSearch,
    setRoles: board.setRoles,
    focusApproval: approvals.focus,
    resumeApproval: approvals.resume,
    drawApprovals,
    draw() {
      const status = model.status();
      if (status === undefined || isOver) return;
      drawApprovals();
      lockView.update(status.lock);
      const { current, sessions } = status;
      banner.update(current, current !== null && sessions.length > 1 ? labelOf(current.session) : undefined);
      problems.update(status.problems);
      signInPanels.update(model.signIns());
      const clockAheadMs = (status.clockAheadSeconds ?? 0) * 1000;
      sessionCards.update(sessions, model.signIns(), { nowMs: nowMs(), clockAheadMs });
      board.setCurrent(current);
      drawDetails();
      const roles = model.roles();
      if (roles !== undefined) emptyList.update(status, roles);
    },
    /** Updates the age of the list, which changes without an event. */
    tick: board.tick,
    /** Updates the time left of what is pending. */
    tickApprovals: approvals.tick,
  };
}
