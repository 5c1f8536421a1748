/** What the tests need beside packages, built: `npm test` has it done beside the tests that do not need it. */
const { ensureBridge } = require("./bridge");
const { ensureS3Server } = require("./s3Server");

ensureS3Server()
    .then(ensureBridge)
    .catch((error) => {
        console.error(`setup: ${error.message}`);
        process.exitCode = 1;
    });
