namespace RnnService.AspNetCore.Scheduling;

/// <summary>What waits, by client: clients take turns, and what one client hands in keeps its order. Not thread-safe.</summary>
internal sealed class FairQueue<T>
{
    private readonly Dictionary<string, LinkedList<T>> _items = new(StringComparer.Ordinal);
    private readonly LinkedList<string> _turns = new(); // clients that have something, the next one first

    public int Count { get; private set; }

    /// <summary>Number of clients that have something here.</summary>
    public int Clients => _turns.Count;

    /// <summary>The client whose turn it is; null when nothing waits.</summary>
    public string? NextClient => _turns.First?.Value;

    public void Enqueue(string client, T item) => ItemsOf(client).AddLast(item);

    /// <summary>Puts something before all that its client has here: it has had its turn before.</summary>
    public void PutBack(string client, T item) => ItemsOf(client).AddFirst(item);

    /// <summary>Lets the client whose turn it is wait for its next one.</summary>
    public void Pass()
    {
        if (_turns.First is not { } turn) return;
        _turns.RemoveFirst();
        _turns.AddLast(turn);
    }

    public bool TryDequeue(out T item)
    {
        item = default!;
        if (_turns.First is not { } turn) return false;
        LinkedList<T> items = _items[turn.Value];
        item = items.First!.Value;
        items.RemoveFirst();
        Count--;
        _turns.RemoveFirst();
        if (items.Count > 0) _turns.AddLast(turn);
        else _items.Remove(turn.Value);
        return true;
    }

    public void RemoveAll(Predicate<T> isOver)
    {
        for (LinkedListNode<string>? turn = _turns.First; turn is not null;)
        {
            LinkedList<T> items = _items[turn.Value];
            for (LinkedListNode<T>? item = items.First; item is not null;)
            {
                LinkedListNode<T>? next = item.Next;
                if (isOver(item.Value))
                {
                    items.Remove(item);
                    Count--;
                }

                item = next;
            }

            LinkedListNode<string>? other = turn.Next;
            if (items.Count == 0)
            {
                _items.Remove(turn.Value);
                _turns.Remove(turn);
            }

            turn = other;
        }
    }

    public List<T> Drain()
    {
        List<T> all = [];
        while (TryDequeue(out T item)) all.Add(item);
        return all;
    }

    private LinkedList<T> ItemsOf(string client)
    {
        Count++;
        if (_items.TryGetValue(client, out LinkedList<T>? items)) return items;
        _turns.AddLast(client);
        return _items[client] = new LinkedList<T>();
    }
}
