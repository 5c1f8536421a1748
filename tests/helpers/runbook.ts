/** What a page of the runbook has somebody type: taken from the page, so that page and test cannot differ. */

/** Lines of the `sh` blocks below the heading that has these words (`## 4. Mounts`). @throws where there is none */
export function commandsOf(page: string, heading: string): string[] {
    const section = page.split(/^## /m).find((part) => part.split("\n", 1)[0]!.includes(heading));
    if (section === undefined) throw new Error(`the page has no section "${heading}"`);
    return linesOf(section, "sh");
}

/** What is added at the boot loader, in the order of the page. */
export function kernelArguments(page: string): string[] {
    return linesOf(page, "kernel");
}

/** All that is typed on the node itself. */
export function onNode(page: string): string[] {
    return linesOf(page, "sh").filter((line) => !isElsewhere(line));
}

/** On a workstation: the stack's, or the reach to another machine. */
export function isElsewhere(line: string): boolean {
    return /^(?:npx|pulumi|ssh) |\| ssh /.test(line);
}

function linesOf(text: string, language: string): string[] {
    return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].flatMap(([, block = ""]) =>
        block.split("\n").filter((line) => line !== ""),
    );
}
