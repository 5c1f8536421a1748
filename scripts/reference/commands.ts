/** What `--help` prints, for every command. */
import { buildProgram, everyCommand } from "../../cli/program";

const WIDTH = 100;

export function commandHelp(): { name: string; help: string }[] {
    return everyCommand(buildProgram()).map((command) => {
        let help = "";
        command.configureOutput({
            writeOut: (text) => (help += text),
            getOutHelpWidth: () => WIDTH,
            getOutHasColors: () => false,
        });
        command.outputHelp();
        const above = [command.name()];
        for (let parent = command.parent; parent; parent = parent.parent) above.unshift(parent.name());
        return { name: above.join(" "), help: help.trimEnd() };
    });
}
