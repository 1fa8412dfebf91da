"""An alarm register flips -> an MQTT subscriber has it: gatehouse beside its peers, on one slow wire."""
