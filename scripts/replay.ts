/**
 * `npm run replay`: both incidents, before and after, on a virtual machine that is made for it and taken down again.
 * The exit status is 0 where every scene went as expected, 1 where one did not.
 */
import { labDown, vmLabUp } from "../lab";
import { differences, scenes } from "./replay/scenes";

const id = process.env.HOLDFAST_LAB ? `${process.env.HOLDFAST_LAB}-replay` : "replay";

async function main(): Promise<void> {
    // What an interrupted run has left is no untouched machine.
    await labDown(id);
    try {
        const lab = await vmLabUp({ id, nodes: 1, boot: false, log: (line) => console.log(line) });
        const stage = { lab, node: lab.nodes[0]! };
        for (const scene of scenes) {
            const started = Date.now();
            const result = await scene.play(stage);
            const wrong = differences(scene, result);
            const seconds = Math.round((Date.now() - started) / 1000);
            console.log(`\n${scene.machine.padEnd(9)} ${scene.fault} (${seconds} s)`);
            console.log(
                `    multi-user ${result.multiUser ? "reached" : "NOT reached"}, SSH ${result.ssh ? "answers" : "does NOT answer"}`,
            );
            for (const line of result.says) console.log(`    ${line}`);
            for (const line of wrong) console.log(`    UNEXPECTED: ${line}`);
            if (wrong.length > 0) process.exitCode = 1;
        }
    } finally {
        await labDown(id);
    }
}

main().catch((error: unknown) => {
    console.error(`replay: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
});
