Console.Error.WriteLine("The server is not wired up yet.");
return 1;
