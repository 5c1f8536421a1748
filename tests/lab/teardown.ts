import { labDown } from "../../lab";

export default async function teardown(): Promise<void> {
    if (process.env.HOLDFAST_LAB === `jest-${process.pid}`) await labDown(process.env.HOLDFAST_LAB);
}
