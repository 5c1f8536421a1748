/**
 * Builds the Pulumi CLI and its Node language host into a folder: `node buildToolchain.js FOLDER`. Core modules only.
 */
const { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { compile, ensureGo } = require("./go");
const { step } = require("./step");
const { toolchain } = require("./toolchain");

/** `version` is the path of the variable that the binary prints its version from; both modules share the SDK's. */
const targets = [
    {
        binary: "pulumi",
        module: "pulumi",
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        minutes: "3 to 6 minutes",
    },
    {
        binary: "pulumi-language-nodejs-host",
        module: "language-nodejs",
        package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        minutes: "half a minute",
    },
];

/** @param {string} folder */
async function build(folder) {
    if (existsSync(folder)) return;
    const go = await ensureGo();
    const draft = `${folder}.draft`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    for (const target of targets) {
        await step(`building ${target.binary} from its pinned source (${target.minutes}, once)`, () =>
            compile(go, { ...target, flags: flagsOf(target.module) }, join(draft, target.binary)),
        );
    }
    writeFileSync(join(draft, "pulumi-language-nodejs"), launcher, { mode: 0o755 });
    renameSync(draft, folder);
}

/**
 * This host is older than the CLI: it takes the options of Pulumi.yaml's `runtime` as flags, which that CLI no longer
 * passes. Without them it would type-check the whole program at every run. Other programs than ours have no loader
 * there.
 */
const launcher = `#!/bin/sh
loader=./toolchain/loadTypeScript.js
test -e $loader || loader=sucrase/register/ts
exec "$(dirname "$0")/pulumi-language-nodejs-host" -typescript=false -nodeargs="--require $loader" "$@"
`;

/**
 * @param {string} module
 * @returns {string}
 */
function flagsOf(module) {
    const file = join(toolchain, module, "go.mod");
    const version = /github\.com\/pulumi\/pulumi\/sdk\/v3 (v\S+)/.exec(readFileSync(file, "utf8"))?.[1];
    if (version === undefined) throw new Error(`${file} does not name the version of Pulumi's SDK`);
    return `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${version}`;
}

build(process.argv[2] ?? "").catch((error) => {
    console.error(`setup: ${error.message}`);
    process.exitCode = 1;
});
