/** Everything that `npm start` and `npm test` need, and nothing that is there already. Core modules only. */
const { ensureLabPackages } = require("../toolchain/debian");
const { ensureDependencies } = require("./dependencies");
const { ensurePulumi, isAtLeast, pulumiEnvironment } = require("../toolchain/toolchain");

/**
 * Well under a second where everything is in place.
 * @returns {Promise<NodeJS.ProcessEnv>} the environment in which `pulumi` is found
 */
async function setUp() {
    if (!isAtLeast(process.version, "20")) throw new Error(`Node 20 or later is needed; this is ${process.version}`);
    await ensureDependencies();
    await ensureLabPackages();
    return pulumiEnvironment(await ensurePulumi());
}

/**
 * Runs a script's main function after the set-up; an error is one line and exit status 1.
 * @param {(environment: NodeJS.ProcessEnv) => Promise<void>} main
 */
function afterSetUp(main) {
    setUp()
        .then(main)
        .catch((error) => {
            console.error(`holdfast: ${error.message}`);
            process.exitCode = 1;
        });
}

if (require.main === module) afterSetUp(async () => console.log("setup: everything is in place"));

module.exports = { afterSetUp, setUp };
