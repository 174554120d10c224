let folder: string | undefined;

/** Where the program is, where relative paths start, and whose packages dynamic providers use. Default: the working directory. */
export function programFolder(): string {
  return folder ?? process.cwd();
}

export function setProgramFolder(path: string): void {
  folder = path;
}
