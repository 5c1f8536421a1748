/** act, which runs GitHub's workflows on this machine, for the tests of ours from end to end. */
const { join } = require("node:path");
const { compile } = require("./go");
const { asScript, buildModule, ensureModule } = require("./goModule");
const { step } = require("./step");

const module_ = "act";

/**
 * @returns {Promise<string>} the program, static
 */
async function ensureWorkflowRunner() {
    return join(await ensureModule(module_, __filename), module_);
}

if (require.main === module)
    asScript(
        buildModule(module_, (go, draft) =>
            step("building act for the tests from its pinned source (several minutes, once)", () =>
                compile(
                    go,
                    { module: module_, package: "github.com/nektos/act", flags: "-s -w" },
                    join(draft, module_),
                ),
            ),
        ),
    );

module.exports = { ensureWorkflowRunner };
