// The filter of system calls for a confined command: what the kernel would otherwise let it do beyond its namespaces.
import { endianness } from 'node:os';

interface Architecture {
  /** `AUDIT_ARCH_…` of each name under which programs of this architecture run. */
  readonly ids: readonly number[];
  /** The numbers of add_key, request_key and keyctl follow each other. */
  readonly addKey: number;
  readonly clone: number;
  readonly unshare: number;
  /** Which argument of clone has the flags. */
  readonly cloneFlags?: 1;
}

const ARCHITECTURES: readonly Architecture[] = [
  { ids: [0xc000003e], addKey: 248, clone: 56, unshare: 272 }, // x86-64, and x32 without its bit
  { ids: [0x40000003], addKey: 286, clone: 120, unshare: 310 }, // i386
  { ids: [0xc00000b7, 0xc00000f3, 0x400000f3, 0xc0000102], addKey: 217, clone: 220, unshare: 97 }, // arm64, RISC-V, LoongArch
  { ids: [0x40000028], addKey: 309, clone: 120, unshare: 337 }, // arm
  { ids: [0x80000016, 0x16], addKey: 278, clone: 120, unshare: 303, cloneFlags: 1 }, // s390x
  { ids: [0xc0000015, 0x80000015, 0x14], addKey: 269, clone: 120, unshare: 282 }, // POWER
];
const CLONE3 = 435;
const CLONE_NEWUSER = 0x10000000;
const X32_BIT = 0x40000000;

/** Offsets in `struct seccomp_data`. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number) => 16 + 8 * index + (endianness() === 'LE' ? 0 : 4);

const LOAD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const EQUAL = 0x15;
const ABOVE = 0x25;
const AT_LEAST = 0x35;
const ANY_BIT = 0x45;
const RETURN = 0x06;

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const NOT_PERMITTED = 0x00050001;
/** C libraries then use clone, whose flags a filter can see. */
const NO_SUCH_CALL = 0x00050026;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/**
 * For `bwrap --seccomp`. It denies two things:
 * - the kernel's keyrings: no namespace separates them, so a key or keyring of this user could be used by its number;
 * - user namespaces, in which the command would have all capabilities: it could then mount the control group of your
 *   terminal and end everything in it.
 *
 * An architecture that it doesn't know ends the command.
 */
export function syscallFilter(): Buffer {
  const program: readonly Instruction[] = [
    [LOAD, 0, 0, ARCHITECTURE],
    ...ARCHITECTURES.flatMap((each) => each.ids.flatMap((id) => blockFor(id, each))),
    [RETURN, 0, 0, KILL_PROCESS],
  ];
  const bytes = Buffer.alloc(program.length * 8);
  const isLittle = endianness() === 'LE';
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    const at = index * 8;
    if (isLittle) bytes.writeUInt16LE(code, at);
    else bytes.writeUInt16BE(code, at);
    bytes.writeUInt8(ifTrue, at + 2);
    bytes.writeUInt8(ifFalse, at + 3);
    if (isLittle) bytes.writeUInt32LE(value, at + 4);
    else bytes.writeUInt32BE(value, at + 4);
  }
  return bytes;
}

/** Jumps are counted from the next instruction. */
function blockFor(id: number, { addKey, clone, unshare, cloneFlags }: Architecture): readonly Instruction[] {
  const body: readonly Instruction[] = [
    [LOAD, 0, 0, NUMBER],
    [AND, 0, 0, 0xffffffff - X32_BIT],
    [AT_LEAST, 0, 2, addKey],
    [ABOVE, 1, 0, addKey + 2],
    [RETURN, 0, 0, NO_SUCH_CALL],
    [EQUAL, 0, 1, CLONE3],
    [RETURN, 0, 0, NO_SUCH_CALL],
    [EQUAL, 1, 0, clone],
    [EQUAL, 2, 5, unshare],
    [LOAD, 0, 0, argument(cloneFlags ?? 0)],
    [JUMP, 0, 0, 1],
    [LOAD, 0, 0, argument(0)],
    [ANY_BIT, 0, 1, CLONE_NEWUSER],
    [RETURN, 0, 0, NOT_PERMITTED],
    [RETURN, 0, 0, ALLOW],
  ];
  return [[EQUAL, 0, body.length, id], ...body];
}
