import { buildProgram, everyCommand } from "../../cli/program";

async function optionsOf(...words: string[]): Promise<Record<string, unknown>> {
    const program = buildProgram();
    const adopt = everyCommand(program)
        .find((command) => command.name() === "adopt")!
        .configureOutput({ writeErr: () => undefined })
        .action(() => undefined);
    await program.parseAsync(["adopt", "pve01", ...words], { from: "user" });
    return adopt.opts();
}

test.each(["0", "601", "1.5", "soon"])("a timeout of %s is refused with the range", async (seconds) => {
    await expect(optionsOf("--timeout", seconds)).rejects.toThrow(/whole number from 1 to 600/);
});
