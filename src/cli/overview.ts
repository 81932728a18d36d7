// The commands for `rolecall --help`, by section. Generated from their definitions by `npm run docs`.

export const OVERVIEW = {
  daily: {
    login: 'sign in; the browser is needed only if the session has ended',
    logout: 'sign out, and stop serving credentials at once',
    lock: 'give out no credentials until: rolecall unlock',
    unlock: 'give out credentials again after: rolecall lock',
    status: 'show who is signed in, for how long, and what is wrong',
    approvals: 'list what waits for your approval, and refuse it',
    approve: 'answer on this terminal what waits for your approval',
    ls: 'list accounts and permission sets',
    use: 'switch this shell to a role, by name or from a list',
    exec: 'run a command, or a subshell, as one role',
    ssh: 'open a shell, or run a command, on an SSH host that has one role',
    forward: 'give an SSH host one role without opening a shell there',
    env: 'print the keys of one role as variables; they expire',
    'container-env': 'give a container one role, with keys that are renewed',
    console: 'open the AWS console as one role',
    whoami: 'show which role this shell uses, and why',
  },
  setup: {
    setup: 'set up rolecall: asks, shows the change, writes it',
    config: 'show, edit and check the settings',
    profiles: 'write, list and convert the profiles in ~/.aws/config',
    passkey: 'add, list and remove the passkeys that approve protected roles',
    service: 'run the daemon as your own service (systemd, launchd)',
    'shell-init': 'set up or print the hook with which `use` switches shells',
    completion: 'print completions for your shell',
    uninstall: 'sign out and remove all that rolecall has written',
  },
  integrations: {
    web: 'open the page with sessions, accounts and roles',
    tray: 'show sessions and roles in the tray of your desktop',
    'credential-process': "print role credentials as AWS's credential_process document",
  },
  troubleshooting: {
    log: 'show which program got the credentials of which role, and when',
    doctor: 'find out what is wrong, and how to fix it',
    daemon: 'start and stop the background service by hand',
    emulator: 'run IAM Identity Center in memory, to try things out',
    demo: 'show everything on the emulator, in a temporary home',
  },
} as const;
