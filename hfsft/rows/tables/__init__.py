"""Where rows stand: files of any kind, folders of them, datasets. What comes out are records, not yet read."""
