// Offers the device code while a sign-in waits for a browser on this machine, which may be unable to come back.
import { hasElapsed } from '../../../core/clock.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { LoginContext } from './options.ts';

/** Most people approve within this time. */
const REMIND_AFTER_MS = 20_000;

export interface DeviceCodeOffer {
  /** Whether the user has taken it. */
  isAccepted(): boolean;
  /** Where no key can be pressed: shows the command, once, after 20 seconds. */
  remind(): void;
  /** Gives the keys back to the terminal. */
  close(): void;
}

/** Says how to open the page, with the offer: a key on a terminal, a command elsewhere. */
export async function offerDeviceCode(
  session: string,
  {
    page,
    isOpened,
    onAccepted,
  }: { readonly page: string; readonly isOpened: boolean; readonly onAccepted: () => void },
  context: LoginContext,
): Promise<DeviceCodeOffer> {
  const { clock, stderr } = context;
  const command = `rolecall login --use-device-code ${quoteForShell(session)}`;
  const startedAtMs = clock.nowMs();
  let isAccepted = false;
  const stopKeys = await listen(context, (text) => {
    if (text.toLowerCase() !== 'c') return;
    isAccepted = true;
    onAccepted();
  });
  let isReminded = stopKeys !== undefined || !isOpened;

  const port = isOpened || (await context.findBrowserPlace()) !== 'ssh' ? undefined : callbackPort(page);
  stderr.write(`${describeOffer({ isOpened, port, hasKeys: stopKeys !== undefined, command })}\n`);
  return {
    isAccepted: () => isAccepted,
    remind() {
      if (isReminded || !hasElapsed(clock, startedAtMs, REMIND_AFTER_MS)) return;
      isReminded = true;
      stderr.write(`Not approved yet. If the browser does not work: ${command}\n`);
    },
    close: () => stopKeys?.(),
  };
}

/** The hint has to be seen, so that keys are read only if stderr is a terminal too. */
async function listen(context: LoginContext, onText: (text: string) => void): Promise<(() => void) | undefined> {
  return context.stdinIsTerminal && context.stderr.isTTY === true ? context.listenForKeys(onText) : undefined;
}

/** The port to which the browser comes back; undefined if the page does not say it. */
function callbackPort(page: string): string | undefined {
  try {
    const port = new URL(new URL(page).searchParams.get('redirect_uri') ?? '').port;
    return port === '' ? undefined : port;
  } catch {
    return undefined;
  }
}

function describeOffer(offer: {
  readonly isOpened: boolean;
  /** To be forwarded from the user's own machine. */
  readonly port: string | undefined;
  readonly hasKeys: boolean;
  readonly command: string;
}): string {
  const { isOpened, port, hasKeys, command } = offer;
  if (isOpened) {
    const opened = 'Opened the page in your browser.';
    return hasKeys ? `${opened} If that does not work, press c for a code.` : opened;
  }
  if (port !== undefined) {
    const forward = `To use the browser of your own machine, run this there first:\n  ssh -N -L ${port}:127.0.0.1:${port} HOST`;
    return hasKeys ? `${forward}\nFor a code instead, press c.` : `${forward}\nFor a code instead: ${command}`;
  }
  const open = 'Open the page in a browser on this machine.';
  return hasKeys ? `${open} For another device, press c.` : `${open}\nFor another device: ${command}`;
}
