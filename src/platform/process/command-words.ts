// Reads the arguments of interpreters: which script runs, and whether a shell runs a command line of another program.

/** The options of an interpreter before its script. */
interface Interpreter {
  readonly names: RegExp;
  /** The argument is code, and no script follows. */
  readonly code: RegExp;
  /** The next argument belongs to the option. */
  readonly takesValue: RegExp;
}

const SHELL: Readonly<Interpreter> = {
  names: /^-?(?:ba|da|z|fi|k|mk|a)?sh$/,
  code: /^-[A-Za-z]*c[A-Za-z]*$/,
  takesValue: /^(?:[-+][oO]|--rcfile|--init-file)$/,
};

const INTERPRETERS: readonly Interpreter[] = [
  SHELL,
  { names: /^(?:python|pypy)[\d.]*$/, code: /^-[A-Za-z]*c$/, takesValue: /^-[WX]$/ },
  {
    names: /^(?:node|nodejs|bun)$/,
    code: /^(?:-e|-p|-pe|--eval|--print)$/,
    takesValue: /^(?:-r|-C|--require|--import|--loader|--experimental-loader|--conditions)$/,
  },
  { names: /^(?:perl|ruby|php|lua)[\d.]*$/, code: /^-[A-Za-z]*[eEr]$/, takesValue: /^-[IM]$/ },
];

/** The first file among the arguments of an interpreter, or Python's module; undefined for other programs and for code. */
export function findScript(
  executable: string,
  words: readonly string[],
): { readonly file: string } | { readonly module: string } | undefined {
  const interpreter = INTERPRETERS.find(({ names }) => names.test(lastPart(executable)));
  if (interpreter === undefined) return undefined;
  const isPython = interpreter.takesValue.test('-X');
  for (let index = 1; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!/^[-+]/.test(word)) return word === '' ? undefined : { file: word };
    if (interpreter.code.test(word)) return undefined;
    if (isPython && word === '-m') return readModule(words[index + 1]);
    if (word === '--') return words[index + 1] === undefined ? undefined : { file: words[index + 1] ?? '' };
    if (interpreter.takesValue.test(word)) index += 1;
  }
  return undefined;
}

/** Whether this is a shell that runs the command line after `-c`. */
export function isShellCommand(executable: string, words: readonly string[]): boolean {
  return (
    SHELL.names.test(lastPart(executable)) && words.slice(1, MAX_SHELL_OPTIONS).some((word) => SHELL.code.test(word))
  );
}

const MAX_SHELL_OPTIONS = 6;

function readModule(name: string | undefined): { readonly module: string } | undefined {
  return name !== undefined && /^[\w.]{1,100}$/.test(name) ? { module: name } : undefined;
}

const lastPart = (path: string) => path.slice(path.lastIndexOf('/') + 1);
