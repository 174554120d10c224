#!/bin/bash
# Prints a snapshot.
cat "$SNAPSHOT"
