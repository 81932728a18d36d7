// Shows Windows toasts from WSL with powershell.exe. The text goes to stdin and is never part of the script.
import { childEnvironment, type BackendDeps, type NotificationBackend } from './backend.ts';
import { runOnce } from './run-once.ts';

/** A toast needs an app id that Windows knows; this one is PowerShell's own start menu entry. */
const SCRIPT = `
$ErrorActionPreference = 'Stop'
$text = [Console]::In.ReadToEnd() | ConvertFrom-Json
$manager = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$xml = $manager::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$lines = $xml.GetElementsByTagName('text')
[void]$lines.Item(0).AppendChild($xml.CreateTextNode($text.title))
[void]$lines.Item(1).AppendChild($xml.CreateTextNode($text.body))
$id = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
$manager::CreateToastNotifier($id).Show([Windows.UI.Notifications.ToastNotification]::new($xml))
`;
/** PowerShell takes seconds to start. */
const DEADLINE_MS = 20_000;

/** Supports neither buttons nor withdrawing. */
export function windowsToast(deps: BackendDeps): NotificationBackend {
  const encodedScript = Buffer.from(SCRIPT, 'utf16le').toString('base64');
  return {
    name: 'powershell.exe',
    async show({ title, body }) {
      const { exitCode } = await runOnce(
        deps,
        deps.programPath,
        ['-NoProfile', '-NonInteractive', '-EncodedCommand', encodedScript],
        {
          env: childEnvironment(deps.environment),
          deadlineMs: DEADLINE_MS,
          input: toAsciiJson({ title, body }),
        },
      );
      return exitCode === 0 ? { withdraw: () => undefined } : undefined;
    },
  };
}

/** PowerShell decodes stdin with the console's code page; ASCII is the same in all of them. */
function toAsciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
