"""What leaves the house: to whom, which fields, in what words, over MQTT."""
