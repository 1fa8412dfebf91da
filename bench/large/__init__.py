"""The large estate: 150 Modbus TCP gateways with 4 800 units behind them, and one daemon."""
