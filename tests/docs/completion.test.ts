import { execFileSync } from "node:child_process";
import { renderCompletion } from "../../cli/completion";
import { buildProgram, everyCommand } from "../../cli/program";

const script = renderCompletion(buildProgram(), "bash");

/** What bash would offer for the last of these words. */
function complete(...words: string[]): string[] {
    const driver = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", driver, "bash", ...words], { encoding: "utf8" }).split("\n").filter(Boolean);
}

test.each<[string[], string[]]>([
    [["holdfast", "dr"], ["drift"]],
    [["npx", "holdfast", "dr"], ["drift"]],
    [["holdfast", "drift", "--format", ""], ["text", "json", "markdown"]],
    [["holdfast", "lab", "up", "--release", "b"], ["bookworm"]],
    [["holdfast", "publish", ""], ["comment", "issue", "--help"]],
    [["holdfast", "lab", "--id", "x", "re"], ["reboot", "reorder"]],
    [["npx", "jest", ""], []],
])("bash completes %j", (words, offered) => {
    expect(complete(...words)).toEqual(offered);
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
