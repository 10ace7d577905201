"""Why a vector index is not used, or gives too little: a catalogue of rules, each proved where that can be done."""
