// The CLI compiles a pack's TypeScript with settings of its own, unless its entry is JavaScript: then
// Node strips the types of what it imports, as for the program itself.
import "./pack.ts";
