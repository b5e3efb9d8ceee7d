"""An application that only a later version of the product has."""
