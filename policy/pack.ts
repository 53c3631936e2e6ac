import { rollout } from "../tiers";
import { startPack } from "./start-pack";

startPack(rollout);
