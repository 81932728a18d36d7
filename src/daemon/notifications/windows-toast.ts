// Notifications on Windows from inside WSL: a toast by powershell.exe, the text on its stdin and never in the script.
import { childEnvironment, type BackendDeps, type NotificationBackend } from './backend.ts';
import { runOnce } from './run-once.ts';

/** The id is that of PowerShell's own entry in the start menu: a toast needs one that Windows knows. */
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

/** Without a button, and without a way to take it back. */
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

/** PowerShell reads its stdin in the console's code page, in all of which ASCII is the same. */
function toAsciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
