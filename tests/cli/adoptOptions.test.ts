import { buildProgram, everyCommand } from "../../cli/program";

const ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOz8jihKC3krhzNXbUbWK7mfkJD7Ud9GQB5ZjvL2IT0+";

async function optionsOf(...words: string[]): Promise<Record<string, unknown>> {
    const program = buildProgram();
    const adopt = everyCommand(program).find((command) => command.name() === "adopt")!.configureOutput({ writeErr: () => undefined }).action(() => undefined);
    await program.parseAsync(["adopt", "pve01", ...words], { from: "user" });
    return adopt.opts();
}

test.each(["0", "65536", "1.5", "soon"])("a timeout of %s is refused with the range", async (seconds) => {
    await expect(optionsOf("--timeout", seconds)).rejects.toThrow(/whole number from 1 to 65535/);
});

test.each([ed25519, `${ed25519} root@pve01`, `${ed25519}\n`])("the host key %j is taken, without its comment", async (key) => {
    expect(await optionsOf("--host-key", key)).toMatchObject({ hostKey: ed25519 });
});

test.each(["garbage", "ssh-ed25519", "ssh-ed25519 AAAA…", "ssh-ed25519 garbage", ed25519.replace("ssh-ed25519", "ssh-rsa"), `pve01 ${ed25519}`, "SHA256:aGVsbG8"])("the host key %j is refused, with how to get one", async (key) => {
    await expect(optionsOf("--host-key", key)).rejects.toThrow(/ssh-ed25519 AAAA….*cat \/etc\/ssh\/ssh_host_ed25519_key\.pub/);
});
