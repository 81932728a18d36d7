// Whether this Linux runs under Windows, by the release of its kernel.

export function isWsl({ kernelRelease }: { readonly kernelRelease: string }): boolean {
  return /microsoft/i.test(kernelRelease);
}
