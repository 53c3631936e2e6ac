import { startPack } from "../../../policy/start-pack";
import { rollout } from "../tiers";

startPack(rollout);
