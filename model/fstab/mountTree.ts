/** Mount points by the folders that they lie in. */
import type { EntryLine } from "./parse";

interface Folder {
    readonly children: Map<string, Folder>;
    /** The first line whose target lies below this folder. */
    first?: EntryLine;
}

/** Of canonical targets: asked and filled at the cost of the path's length, however many there are. */
export class MountTree {
    private readonly root: Folder = { children: new Map() };

    /** The line counts for every folder above its target, not for the target itself. */
    add(target: string, line: EntryLine): void {
        let folder = this.root;
        for (const name of namesOf(target)) {
            folder.first ??= line;
            const child: Folder = folder.children.get(name) ?? { children: new Map() };
            folder.children.set(name, child);
            folder = child;
        }
    }

    /** The first line that was added with a target below this one. */
    find(target: string): EntryLine | undefined {
        let folder: Folder | undefined = this.root;
        for (const name of namesOf(target)) folder = folder?.children.get(name);
        return folder?.first;
    }
}

function namesOf(target: string): string[] {
    return target.split("/").filter((name) => name !== "");
}
