"""Where the trials of one protocol lie: data/TASK/trials/NAME."""

LOG, PROTOCOL, EPISODES = "log.jsonl", "protocol.yaml", "episodes"
