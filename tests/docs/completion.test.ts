import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderCompletion } from "../../cli/completion";
import { buildProgram, everyCommand } from "../../cli/program";

const script = renderCompletion(buildProgram(), "bash");

/** What bash would offer for the last of these words. */
function complete(...words: string[]): string[] {
    const driver = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", driver, "bash", ...words], { encoding: "utf8" }).split("\n").filter(Boolean);
}

test.each<[string[], string[]]>([
    [["holdfast", "dr"], ["drift", "drill"]],
    [["npx", "holdfast", "dr"], ["drift", "drill"]],
    [["holdfast", "drift", "--format", ""], ["text", "json", "markdown"]],
    [["holdfast", "lab", "up", "--release", "b"], ["bookworm"]],
    [["holdfast", "publish", ""], ["comment", "issue", "--help"]],
    [["holdfast", "lab", "--id", "x", "re"], ["reboot", "reorder"]],
    [["npx", "jest", ""], []],
    [["holdfast", "lint", "--format", ""], ["text", "json", "github"]],
    [["holdfast", "lint", "--kind", "f"], ["fstab"]],
    [["holdfast", "drift", "--stack", ""], []],
    [["holdfast", "drift", "--stack", "prod", "--all"], ["--all-stacks"]],
    [["holdfast", "report", "-o", ""], []],
])("bash completes %j", (words, offered) => {
    expect(complete(...words)).toEqual(offered);
});

test.each([["--stack", false], ["--metrics", true]])("after %s bash offers file names: %s", (option, offersFiles) => {
    const driver = `compopt() { echo "$*"; }\n${script}\nCOMP_WORDS=(holdfast drift ${option} ""); COMP_CWORD=3; _holdfast; true`;
    expect(execFileSync("bash", ["-c", driver], { encoding: "utf8" })).toBe(offersFiles ? "" : "+o default\n");
});

test.each(["bash", "zsh", "fish"] as const)("%s itself takes the script for one of its own", (shell) => {
    const folder = mkdtempSync(join(tmpdir(), "completion-"));
    try {
        writeFileSync(join(folder, "script"), renderCompletion(buildProgram(), shell));
        execFileSync(shell, ["-n", join(folder, "script")], { stdio: "pipe" });
    } finally {
        rmSync(folder, { recursive: true });
    }
});

test.each<[string, string[]]>([
    ["holdfast dr", ["drift", "drill"]],
    ["npx holdfast dr", ["drift", "drill"]],
    ["holdfast lint --kind f", ["fstab"]],
    ["holdfast lab --id x re", ["reboot", "reorder"]],
])("zsh's own bashcompinit completes %j", (line, offered) => {
    const home = mkdtempSync(join(tmpdir(), "completion-"));
    // What compinit would do for a Tab; compadd itself works in the line editor only, and takes what fits the word.
    const driver = `${renderCompletion(buildProgram(), "zsh")}\ncompadd() { print -rl -- "$@"; }; _default() { }\nwords=(\${=1}); CURRENT=\${#words}; eval $_comps[$words[1]]`;
    try {
        const given = execFileSync("zsh", ["-f", "-c", driver, "zsh", line], { encoding: "utf8", env: { ...process.env, HOME: home } }).split("\n");
        expect(given.filter((word) => word.startsWith(line.split(" ").at(-1)!))).toEqual(offered);
    } finally {
        rmSync(home, { recursive: true });
    }
});

test("fish completes what bash completes", () => {
    const offered = (line: string) => execFileSync("fish", ["--no-config", "-c", `${renderCompletion(buildProgram(), "fish")}\ncomplete -C ${JSON.stringify(line)}`], { encoding: "utf8", cwd: __dirname }).split("\n").map((each) => each.split("\t")[0]).filter(Boolean);
    expect(offered("holdfast dr")).toEqual(["drift", "drill"]);
    expect(offered("holdfast lint --kind f")).toEqual(["fstab"]);
    expect(offered("holdfast drift --stack ")).toEqual([]);
    expect(offered("holdfast drift --metrics com")).toEqual(["commands.test.ts", "completion.test.ts"]);
});

test.each(["bash", "zsh", "fish"] as const)("%s knows every command and every option", (shell) => {
    const text = renderCompletion(buildProgram(), shell);
    for (const command of everyCommand(buildProgram())) {
        expect(text).toContain(command.name());
        for (const { long } of command.options) expect(text).toContain(shell === "fish" ? `-l ${long!.slice(2)}` : long);
    }
});

test("a description with a quote ends no word in fish", () => {
    expect(renderCompletion(buildProgram(), "fish")).toContain("(default: by the file\\'s name)");
});
