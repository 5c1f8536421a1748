/**
 * Pulumi's hosts for Python and YAML programs, for the tests of examples/. The newest Python host is no module that a
 * proxy serves; one from before it became its own is, with the SDK's module that the Node host comes from.
 */
const { copyFileSync, chmodSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { compile } = require("./go");
const { asScript, buildModule, ensureModule } = require("./goModule");
const { output, step } = require("./step");

const module_ = "language-yaml";
const python = "github.com/pulumi/pulumi/sdk/v3/python/cmd";

/** @returns {Promise<string>} folder to put in front of PATH */
function ensureOtherLanguages() {
    return ensureModule(module_, __filename);
}

/** @type {(go: string, draft: string) => Promise<void>} */
async function make(go, draft) {
    const yaml = "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml";
    await step("building pulumi-language-yaml for the examples (several minutes, once)", () =>
        compile(go, { module: module_, package: yaml, flags: "-s -w" }, join(draft, "pulumi-language-yaml")),
    );
    await step("building pulumi-language-python for the examples (half a minute, once)", () =>
        compile(
            go,
            { module: "language-nodejs", package: `${python}/pulumi-language-python`, flags: "-s -w" },
            join(draft, "pulumi-language-python-host"),
        ),
    );
    // It hands its options on to a flag that the CLI no longer passes; the virtual environment comes by PATH.
    writeFileSync(
        join(draft, "pulumi-language-python"),
        '#!/bin/sh\nexec "$(dirname "$0")/pulumi-language-python-host" "$@"\n',
        { mode: 0o755 },
    );
    // The script that loads the program is the newer SDK's: the older one reads metadata that is gone.
    const sdk = output(go, ["list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"], {
        cwd: join(__dirname, "pulumi"),
    });
    if (sdk === undefined) throw new Error("the pinned Pulumi SDK is not in Go's module cache");
    const loader = join(draft, "pulumi-language-python-exec");
    copyFileSync(join(sdk.trim(), "python", "cmd", "pulumi-language-python-exec"), loader);
    chmodSync(loader, 0o755);
}

if (require.main === module) asScript(buildModule(module_, make));

module.exports = { ensureOtherLanguages };
