"""Tests of what actions declare about feeds."""
